from accounts.impersonation.tests.conftest import acting, clara, desk, owner

__all__ = ["acting", "clara", "desk", "owner"]
