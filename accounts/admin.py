"""The admin pages of this app, collected for Django."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group

import accounts.api_keys.admin
import accounts.data_requests.admin
import accounts.impersonation.admin
import accounts.moderation.admin
import accounts.oauth.admin
import accounts.permissions.admin
import accounts.security_log.admin
import accounts.staff.admin
import accounts.subscriptions.admin  # noqa: F401

# A role is both the group and its rule; email addresses and authenticators are changed by their owners, who prove them.
admin.site.unregister([Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])
