"""Tests cannot reach the outside."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_a_socket_to_the_outside_is_refused():
    with pytest.raises(SocketConnectBlockedError), pytest.warns(UserWarning, match="203.0.113.1"):
        socket.create_connection(("203.0.113.1", 80), timeout=1)
