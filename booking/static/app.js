// Where a part of a page cannot be fetched, its form is sent as if there were no script: the browser says why.
(() => {
  let leaving = false; // going elsewhere gives up what is being fetched, which is no failure
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("submit", () => { leaving = false; });
  document.addEventListener("htmx:error", (event) => {
    if (!leaving && event.target instanceof HTMLFormElement) event.target.submit();
  });
})();
