"""All settings by name, closed by default: what is not said in the environment is off. Long ones stand beside it.

Any variable can be given as `NAME_FILE`, the path of a file that holds the value. `.env` beside manage.py is read.
"""

from pathlib import Path

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.headless import APP_HEADERS
from accounts.social import providers
from config import email_url, oauth, rest, schedule
from core import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
env.read_env(BASE_DIR / ".env")

# --- What this process is -----------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
ROLE = env.str("AGORA_ROLE", "")  # web, realtime, worker, beat, release, test; empty for commands
TESTING = ROLE == "test"


def required(name: str, for_development: str) -> str:
    """A variable that production cannot do without."""
    value = env.str(name, for_development if DEBUG else "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. `.env.example` names all settings and what they are for.")
    return str(value)


SECRET_KEY = required("SECRET_KEY", "development-only-" + "k" * 50)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DATA_KEYS = required("DATA_KEYS", "ZGV2ZWxvcG1lbnQtb25seS1kYXRhLWtleS0wMTIzNDU=").split(",")
DOMAIN = required("DOMAIN", "localhost")
SITE_NAME = env.str("SITE_NAME", "Ninth Tile" if DEBUG else "Agora")  # the demo studio is called Ninth Tile
SITE_TAGLINE = env.str("SITE_TAGLINE", "Stoneware in eight glazes. The ninth is on the test shelf." if DEBUG else "")
SITE_URL = env.str("SITE_URL", f"https://{DOMAIN}" if not DEBUG else f"http://localhost:{env.str('PORT', '8000')}")

# --- Who may ask ----------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[DOMAIN] if not DEBUG else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [] if DEBUG else [f"https://{host}" for host in ALLOWED_HOSTS if "." in host and "*" not in host]
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(api|_allauth)/.*$"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "if-none-match", *APP_HEADERS]
CORS_EXPOSE_HEADERS = ["etag", "link", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"]
CORS_ALLOW_CREDENTIALS = False
BEHIND_PROXY = env.bool("BEHIND_PROXY", not DEBUG)  # believe what it says of the caller's address and of https

# Accounts elsewhere with which people sign in; a secret like a password, so better in a file (SOCIAL_PROVIDERS_FILE)
SOCIAL_PROVIDERS = env.json("SOCIAL_PROVIDERS", {})

# --- Apps and middleware --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.AgoraConfig",
    "core",
    "accounts",
    "blog",
    "shop",
    "chat",
    "analytics",
    *(["demo"] if DEBUG else []),
    "config.apps.AgoraAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    *providers.get_installed_apps(SOCIAL_PROVIDERS),
    "channels",
    "corsheaders",
    "django_countries",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "rest_framework",
    "tree_queries",
]

MIDDLEWARE = [
    *(["config.proxy.ClientAddressMiddleware"] if BEHIND_PROXY else []),
    "core.web.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.web.middleware.HeadersMiddleware",
    "config.whitenoise.StaticFilesMiddleware",
    "core.web.input_guard.InputGuardMiddleware",
    "core.web.response_cache.ResponseCacheMiddleware",
    *(["corsheaders.middleware.CorsMiddleware"] if CORS_ALLOWED_ORIGINS else []),
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.web.trailing_slash.AddressMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.web.http.FragmentMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.requests.middleware.PersonMiddleware",
    "core.web.middleware.PageMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
MESSAGE_STORAGE = "core.web.messages.Messages"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.web.context_processors.site",
                "shop.cart.context_processors.cart",
                "chat.web.context_processors.conversations",
            ],
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------------
if url := env.str("DATABASE_URL", ""):
    DATABASES = {"default": env.db_url_config(url)}
elif DEBUG:
    from config.embedded.paths import postgres_settings

    DATABASES = {"default": postgres_settings()}
else:
    raise ImproperlyConfigured("DATABASE_URL is not set, for example postgres://agora:…@localhost/agora.")
DATABASES["default"] |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0, "ATOMIC_REQUESTS": False}
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 1  # of the statements of core.prepared_queries
# A server that was restarted costs no request: who serves people looks at a connection before using it.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = ROLE in ("web", "realtime")
if ROLE == "web" and not DEBUG:
    DATABASES["default"] |= {"ENGINE": "config.postgresql", "CONN_MAX_AGE": 600}  # gunicorn's threads keep theirs
elif ROLE in ("web", "realtime"):
    # uvicorn's tasks share a pool a process. Workers fork, and a fork with an open pool hangs: they take one each.
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.int("DB_POOL", 8),
        "timeout": 5,
        "reconnect_timeout": 5,  # then the next request tries again; longer, and its pauses would grow with the outage
    }

# --- Redis or Valkey: cache, limits, broker, socket bus -------------------------------------------------------------
if REDIS_URL := env.str("REDIS_URL", ""):
    REDIS_CACHE_URL = env.str("REDIS_CACHE_URL", REDIS_URL)
    REDIS_BUS_URL = env.str("REDIS_BUS_URL", REDIS_URL)
    CELERY_BROKER_URL = env.str("BROKER_URL", REDIS_URL)
elif DEBUG:
    from config.embedded.paths import broker_url, valkey_url

    CELERY_BROKER_URL, REDIS_CACHE_URL, REDIS_BUS_URL = broker_url(), valkey_url(1), valkey_url(2)
else:
    raise ImproperlyConfigured("REDIS_URL is not set, for example redis://localhost:6379/0.")

KEY_PREFIX = env.str("REDIS_PREFIX", "agora") + env.str("PYTEST_XDIST_WORKER", "")
RATE_LIMIT_PREFIX = f"{KEY_PREFIX}:limit"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "KEY_PREFIX": KEY_PREFIX,
        "OPTIONS": {"pool_class": "core.circuit_breaker.Pool"},
    }
}

# How long a stranger's page is shown to the next stranger; a page being written is looked at without.
MICROCACHE_SECONDS = env.float("MICROCACHE_SECONDS", 0 if DEBUG else 1)

# Web processes only enqueue tasks and must not wait for the queue; a worker waits for its next task.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **({"socket_timeout": 30} if ROLE in ("worker", "beat") else {"socket_timeout": 1, "max_retries": 0}),
    "socket_connect_timeout": 1,
    "global_keyprefix": f"{KEY_PREFIX}:",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ALWAYS_EAGER = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONSUMER = "config.consumer.Consumer"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BEAT_SCHEDULE = schedule.BEAT

# --- People ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.permissions.backends.RolesBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["accounts.authentication.hashers.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.authentication.passwords.GuessableValidator"},
    {"NAME": "accounts.authentication.passwords.BreachedValidator"},
]
# Where leaked passwords can be asked for by the first five figures of their SHA-1; empty: nobody is asked.
PASSWORD_BREACH_URL = env.str("PASSWORD_BREACH_URL", "")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:overview"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.authentication.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip"}  # and what accounts.authentication.throttling counts
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_FORMS = {
    "login": "accounts.authentication.forms.login.LoginForm",
    "signup": "accounts.authentication.forms.login.SignupForm",
    "add_email": "accounts.authentication.forms.login.AddEmailForm",
    "change_password": "accounts.authentication.forms.login.ChangePasswordForm",
    "confirm_login_code": "accounts.authentication.forms.login.LoginCodeForm",
    "confirm_email_verification_code": "accounts.authentication.forms.login.CodeForm",
    "reauthenticate": "accounts.authentication.forms.login.ReauthenticateForm",
    "request_login_code": "accounts.authentication.forms.login.RequestLoginCodeForm",
    "reset_password": "accounts.authentication.forms.login.ResetPasswordForm",
    "reset_password_from_key": "accounts.authentication.forms.login.ResetPasswordKeyForm",
    "set_password": "accounts.authentication.forms.login.SetPasswordForm",
    "user_token": "accounts.authentication.forms.login.ResetLinkForm",
}
MFA_ADAPTER = "accounts.authentication.mfa.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # a code works half a minute before and after its own, for clocks that are off
MFA_TRUST_ENABLED = True  # a browser that is trusted is not asked for the second factor for 14 days
MFA_TRUST_COOKIE_NAME = "trusted" if DEBUG else "__Host-trusted"
MFA_FORMS = {
    "activate_totp": "accounts.authentication.forms.mfa.ActivateAppForm",
    "add_webauthn": "accounts.authentication.forms.mfa.AddKeyForm",
    "authenticate": "accounts.authentication.forms.mfa.AuthenticateForm",
    "edit_webauthn": "accounts.authentication.forms.mfa.RenameKeyForm",
    "login_webauthn": "accounts.authentication.forms.mfa.PasskeySignInForm",
    "reauthenticate": "accounts.authentication.forms.mfa.ReauthenticateForm",
    "signup_webauthn": "accounts.authentication.forms.mfa.SignUpKeyForm",
}
HEADLESS_CLIENTS = ["app"]
HEADLESS_ADAPTER = "accounts.headless.strategy.HeadlessAdapter"
HEADLESS_TOKEN_STRATEGY = "accounts.headless.strategy.TokenStrategy"  # noqa: S105  a class
SOCIALACCOUNT_ADAPTER = "accounts.social.adapter.SocialAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.social.forms.SignupForm"}
SOCIALACCOUNT_PROVIDERS = providers.build_providers(SOCIAL_PROVIDERS)
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True  # where an address there is taken for one here at all
SOCIAL_ORIGINS = providers.get_origins(SOCIAL_PROVIDERS)
ORIGIN_DAYS = env.int("ORIGIN_DAYS", 90)  # how long the security log knows addresses and browsers
IMPERSONATION_IS_MAILED = env.bool("IMPERSONATION_IS_MAILED", False)  # staff acted in somebody's name
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", True)

# --- Sign-in for other programs (OAuth 2, OpenID Connect; RFC 9700) ---------------------------------------------------
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "accounts.AuthorizationCode"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "accounts.AccessToken"  # noqa: S105  a model
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "accounts.RefreshToken"  # noqa: S105  a model
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "accounts.IDToken"  # noqa: S105  a model
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "accounts.DeviceGrant"
OAUTH2_PROVIDER = oauth.rules(SITE_URL)

# --- Cookies, headers -----------------------------------------------------------------------------------------------
SECURE = not DEBUG
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
DEVICE_COOKIE_NAME = "__Host-device" if SECURE else "device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "core.web.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = SECURE and env.bool("SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "core.web.error_pages.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Words and time -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
USE_I18N = len(LANGUAGES) > 1  # a tenth of a page's time went into looking up English for English
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")

# --- Files ----------------------------------------------------------------------------------------------------------
HOME = BASE_DIR / env.str("AGORA_HOME", ".agora")
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(HOME / "media")))
BACKUP_ROOT = Path(env.str("BACKUP_ROOT", str(HOME / "backups")))
PRIVATE_ROOT = Path(env.str("PRIVATE_ROOT", str(HOME / "private")))  # read by web, written by worker; no address
STORAGES = {
    "default": {"BACKEND": "core.media.storage.Folder"},
    "private": {"BACKEND": "core.media.storage.Private"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "core.web.static_files.Storage"
    },
}
STATICFILES_FINDERS = [
    "core.web.static_files.StylesheetFinder",  # joins css/ into site.css
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# --- Mail -----------------------------------------------------------------------------------------------------------
MAILBOX = HOME / "mail"
EMAIL_URL = email_url.parse(env.str("EMAIL_URL", ""))
EMAIL_BACKEND = (
    "core.mail.mailbox.MailboxBackend" if not EMAIL_URL.scheme else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = EMAIL_URL.host, EMAIL_URL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL_URL.user, EMAIL_URL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_URL.scheme == "smtp+tls", EMAIL_URL.scheme == "smtp+ssl"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <hello@{DOMAIN}>")
REPLY_TO_EMAIL = env.str("REPLY_TO_EMAIL", "")  # where answers to our mails are read; without it no mail invites any
MAIL_INSIDE_TRANSACTION = TESTING

# How long invoices are kept, counted from the end of the year. Say the same in the page on privacy.
INVOICE_YEARS = env.int("INVOICE_YEARS", 10)

# --- Payments -------------------------------------------------------------------------------------------------------
# Account holder, IBAN and BIC as a customer needs them; `\n` begins a new line. Without it no transfer is offered.
EXAMPLE_ACCOUNT = f"{SITE_NAME}\nIBAN DE02 1203 0000 0000 2020 51"
BANK_ACCOUNT = env.str("BANK_ACCOUNT", EXAMPLE_ACCOUNT if DEBUG else "").replace("\\n", "\n")
# What the checkout offers, in order. The sandbox moves no money, so by default it is there in development only.
PAYMENT_PROVIDERS = env.list(
    "PAYMENT_PROVIDERS", default=[*(["sandbox"] if DEBUG else []), *(["bank_transfer"] if BANK_ACCOUNT else [])]
)

# How long an unpaid order by bank transfer holds its stock: with a confirmed address, and without.
TRANSFER_HOLD_DAYS = env.int("TRANSFER_HOLD_DAYS", 7)
GUEST_TRANSFER_HOLD_DAYS = env.int("GUEST_TRANSFER_HOLD_DAYS", 3)
# What unpaid orders without a confirmed address may hold together: by e-mail address, by transfer, and by network.
GUEST_HOLD_ORDERS = env.int("GUEST_HOLD_ORDERS", 20)
GUEST_HOLD_PIECES = env.int("GUEST_HOLD_PIECES", 60)
GUEST_HOLD_VALUE = env.dict("GUEST_HOLD_VALUE", default=dict.fromkeys(("EUR", "USD", "GBP", "CHF"), "5000"))
GUEST_TRANSFER_PIECES = env.int("GUEST_TRANSFER_PIECES", 20)
GUEST_TRANSFER_VALUE = env.dict("GUEST_TRANSFER_VALUE", default=dict.fromkeys(("EUR", "USD", "GBP", "CHF"), "1000"))
NETWORK_HOLD_ORDERS = env.int("NETWORK_HOLD_ORDERS", 40)
NETWORK_HOLD_PIECES = env.int("NETWORK_HOLD_PIECES", 150)
# Mails about unpaid orders to an address that nobody confirmed; the rest join in one.
GUEST_ORDER_MAILS = env.str("GUEST_ORDER_MAILS", "3/hour")
# Other sites that programs may send a customer back to after paying, as origins: https://app.shop.example
PAYMENT_RETURN_ORIGINS = env.list("PAYMENT_RETURN_ORIGINS", default=[])

# --- Webhooks -------------------------------------------------------------------------------------------------------
# Networks of the owner's own that webhooks may reach, such as 10.1.0.0/16, by http and on any port too. All others must
# be public. Where receivers are many or slow, give their queue a name and a worker of its own.
WEBHOOK_ALLOWED_NETWORKS = env.list("WEBHOOK_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"] if DEBUG else [])
# The same for sign-out notifications to OAuth clients. Anybody can register one, so an address inside is an exception
# that the operator has to make apart from webhooks, which only staff add.
BACKCHANNEL_ALLOWED_NETWORKS = env.list("BACKCHANNEL_ALLOWED_NETWORKS", default=["127.0.0.0/8"] if DEBUG else [])
TO_RECEIVERS = {"queue": env.str("WEBHOOK_QUEUE", "celery")}
CELERY_TASK_ROUTES = {"core.send_webhooks": TO_RECEIVERS, "accounts.send_logouts": TO_RECEIVERS}

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = rest.FRAMEWORK
API_SCOPES = frozenset(rest.SCOPES)
SEARCH_API_SCOPE = "blog:read"
SPECTACULAR_SETTINGS = rest.SCHEMA

# --- Observability ------------------------------------------------------------------------------------------------
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # who may read /metrics; without it there is none, but in development
SENTRY_DSN = env.str("SENTRY_DSN", "")
OTEL_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")
LOGGING = logs.configure(debug=DEBUG)
