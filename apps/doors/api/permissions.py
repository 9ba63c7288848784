"""How far a call may go before the domain is asked: signed in, and within the token's scope."""

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.models import Token
from apps.doors.api.authentication import read_token

if TYPE_CHECKING:
    # rest_framework.views reads the settings that name this module.
    from rest_framework.views import APIView

# A token for downloading reads here too: what it must not see, the domain does not show it.
_WIDTH = {Token.Scope.DOWNLOAD: 0, Token.Scope.READ: 0, Token.Scope.WRITE: 1, Token.Scope.ADMIN: 2}


class WithinScope(BasePermission):
    """Reading needs a signed-in caller unless the view is `public`; writing needs the view's scope.

    What the caller may do with a particular thing is for the domain's access functions to say.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.method in SAFE_METHODS and getattr(view, "public", False):
            return True
        if not request.user.is_authenticated:
            return False
        needed = _find_needed_scope(request, view)
        token = read_token(request)
        if token is not None and _WIDTH[Token.Scope(token.scope)] < _WIDTH[needed]:
            raise PermissionDenied(
                f"This token has the scope {token.scope}; this needs {needed}.", code="token_scope"
            )
        return True


def _find_needed_scope(request: Request, view: "APIView") -> Token.Scope:
    if request.method in SAFE_METHODS:
        return Token.Scope.READ
    return Token.Scope(getattr(view, "write_scope", Token.Scope.WRITE))
