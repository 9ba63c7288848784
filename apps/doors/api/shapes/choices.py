"""Values that several resources share, once each, so that the schema names them once."""

from datasets_catalog.door_purposes import is_grantable
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import ReleaseState

PURPOSES = [purpose.value for purpose in Purpose]
GRANTABLE = [purpose.value for purpose in Purpose if is_grantable(purpose)]
RELEASE_STATES = [state.value for state in ReleaseState]
