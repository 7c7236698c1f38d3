"""The appointment system of a pôle social départemental."""

from __future__ import annotations

import gc

from flask import Flask

from booking import cli, config, web
from booking.db import db, end_reads, engine_options, prepare


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the application: settings, database, edges. Raises SettingsError when a setting is wrong."""
    settings = settings or config.load()
    app = Flask("booking", static_folder="static", template_folder=None)
    app.extensions["booking"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    db.init_app(app)
    app.teardown_appcontext(end_reads)  # comes before the extension's own, which would raise
    with app.app_context():
        prepare(db.engine)
    web.init_app(app, settings)
    cli.init_app(app)
    return app


def serve() -> Flask:
    """The application of a process that lives long, such as a web server's. Raises SettingsError."""
    app = create_app()
    # What is there by now stays: collecting what requests leave does not look through it, for 0.1 s each time.
    gc.freeze()
    return app
