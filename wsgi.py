"""What a web server imports: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import sys

from booking import serve
from booking.errors import SettingsError

try:
    app = serve()
except SettingsError as error:
    sys.exit(f"Réglage à corriger. {error}")
