"""Commands that speak French: help, misuse (exit code 2) and refusals (exit code 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import IO, Any, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy import exc

from booking.cli import answers
from booking.errors import BookingError, DatabaseUnavailable

Function = TypeVar("Function", bound=Callable[..., Any])

EXIT_CODES = "Codes de sortie : 0 fait ; 1 refusé ; 2 commande mal écrite (option, nombre, date ou heure impossible)."


class Misuse(click.UsageError):
    """A command line that cannot be understood, whatever the data: exit code 2."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the usage, where help is, and what is wrong; on the error output unless told otherwise."""
        if self.ctx is not None:
            click.echo(self.ctx.get_usage(), file=file, err=True)
            click.echo(f"Aide : {self.ctx.command_path} --help\n", file=file, err=True)
        click.echo(f"Erreur : {self.message}", file=file, err=True)


class Speaking(click.Command):
    """What commands and groups of commands share: their help, and misuse, in French."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write « Usage : … »."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), "Usage : ")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option --help, described in French."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Affiche cette aide."
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write « Options : », each option with its sentence and nothing that click adds in English."""
        rows = [_help_row(param, ctx) for param in self.get_params(ctx) if isinstance(param, click.Option)]
        with formatter.section("Options "):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the exit codes mean."""
        formatter.write_paragraph()
        formatter.write_text(EXIT_CODES)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; raises Misuse."""
        with _misuse_in_french(ctx):
            return super().parse_args(ctx, args)


class SpeakingCommand(Speaking):
    """One command: its refusals become a French sentence on the error output, or JSON with --json."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; raises Misuse or Refusal."""
        with _misuse_in_french(ctx):
            try:
                return super().invoke(ctx)
            except (exc.DBAPIError, DatabaseUnavailable) as error:
                raise answers.database_refusal(error, as_json=bool(ctx.params.get("as_json"))) from error
            except BookingError as error:
                raise answers.refusal(error, as_json=bool(ctx.params.get("as_json"))) from error


class SpeakingGroup(Speaking, click.Group):
    """A command with sub-commands."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What follows the name of the group in « Usage : »."""
        return ["COMMANDE [ARGUMENTS]…"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then « Commandes : » with the first sentence of each."""
        super().format_options(ctx, formatter)
        rows = [(name, self.commands[name].get_short_help_str(limit=90)) for name in self.list_commands(ctx)]
        with formatter.section("Commandes "):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; raises Misuse or Refusal."""
        with _misuse_in_french(ctx):
            return super().invoke(ctx)


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Decorate a function that is a command of the application, run inside its context."""
    return lambda function: click.command(name, cls=SpeakingCommand)(with_appcontext(function))


def described_by(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Decorate a command with what several of them take, in the order of its help."""
    return lambda function: reduce(lambda decorated, option: option(decorated), reversed(options), function)


as_json = click.option("--json", "as_json", is_flag=True, help="Répond en JSON, pour les programmes.")


def _help_row(option: click.Option, ctx: click.Context) -> tuple[str, str]:
    names = ", ".join(option.opts)
    spelled = names if option.is_flag else f"{names} {option.make_metavar(ctx)}"
    needed = " [obligatoire]" if option.required else ""
    return spelled, f"{option.help}{needed}"


@contextmanager
def _misuse_in_french(ctx: click.Context) -> Iterator[None]:
    try:
        yield
    except (Misuse, click.exceptions.NoArgsIsHelpError):
        raise  # said already
    except click.UsageError as error:
        raise Misuse(_sentence(error, ctx), error.ctx or ctx) from error


def _sentence(error: click.UsageError, ctx: click.Context) -> str:
    match error:
        case click.MissingParameter(param=click.Parameter() as param):
            kind = "Option manquante" if isinstance(param, click.Option) else "Argument manquant"
            return f"{kind} : {_name(param)}."
        case click.BadParameter(param=click.Parameter() as param):
            return f"{_name(param)} : {error.message}"
        case click.NoSuchOption():
            return f"L’option {error.option_name} n’existe pas.{_suggestion(error.possibilities)}"
        case click.exceptions.NoSuchCommand():
            return f"La commande {error.command_name} n’existe pas.{_suggestion(error.possibilities)}"
        case click.BadOptionUsage():
            return f"L’option {error.option_name} {_misuse_of(error.option_name, ctx.command)}."
    return "Il y a trop d’arguments."


def _name(param: click.Parameter) -> str:
    """As it is typed: « --start », or « UID » for an argument."""
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name


def _suggestion(possibilities: list[str] | None) -> str:
    return f" Vouliez-vous dire {' ou '.join(possibilities)} ?" if possibilities else ""


def _misuse_of(option: str, command: click.Command) -> str:
    """What is wrong with an option that exists."""
    taking_a_value = (one for one in command.params if isinstance(one, click.Option) and not one.is_flag)
    return "attend une valeur" if any(option in one.opts for one in taking_a_value) else "ne prend pas de valeur"
