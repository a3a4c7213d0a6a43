from accounts.tests.impersonation.conftest import acting, clara, desk, owner

__all__ = ["acting", "clara", "desk", "owner"]
