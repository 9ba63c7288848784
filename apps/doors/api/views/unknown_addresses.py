"""Addresses that nothing answers at."""

from typing import NoReturn

from rest_framework.request import Request

from apps.doors.api.base import ApiView
from apps.doors.api.problems import AddressUnknownError


class UnknownAddress(ApiView):
    """Says so in the form of all refusals, before asking who calls."""

    permission_classes = ()
    schema = None  # type: ignore[assignment]  # DRF's way to leave a view out of the schema

    def initial(self, request: Request, *args: object, **kwargs: object) -> NoReturn:
        self.format_kwarg = None
        super().initial(request, *args, **kwargs)
        raise AddressUnknownError(
            "Nothing answers at this address. /api/v1/docs/ lists what there is."
        )
