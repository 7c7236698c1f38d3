"""What a web server imports: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import sys

from booking import create_app
from booking.errors import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"Réglage à corriger. {error}")
