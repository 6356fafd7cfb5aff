"""The states of a person. Being locked out is a throttle, not a state."""

from accounts.models import FactorReset, FactorResetState, User, UserState
from core import states

USER = states.register(
    User,
    [
        ("start_first_login", (UserState.INVITED, UserState.FIRST_LOGIN), UserState.FIRST_LOGIN),
        ("complete_first_login", UserState.FIRST_LOGIN, UserState.ACTIVE),
        ("suspend", (UserState.ACTIVE, UserState.INVITED, UserState.FIRST_LOGIN), UserState.SUSPENDED),
        ("unsuspend", UserState.SUSPENDED, UserState.ACTIVE),
        ("readmit", UserState.SUSPENDED, UserState.INVITED),
        ("reissue", (UserState.FIRST_LOGIN, UserState.ACTIVE), UserState.INVITED),
        (
            "close",
            (UserState.INVITED, UserState.FIRST_LOGIN, UserState.ACTIVE, UserState.SUSPENDED),
            UserState.CLOSED,
        ),
    ],
)

FACTOR_RESET = states.register(
    FactorReset,
    [
        ("vouch", FactorResetState.REQUESTED, FactorResetState.VOUCHED),
        ("complete", FactorResetState.VOUCHED, FactorResetState.DONE),
        ("deny", (FactorResetState.REQUESTED, FactorResetState.VOUCHED), FactorResetState.DENIED),
        ("withdraw", (FactorResetState.REQUESTED, FactorResetState.VOUCHED), FactorResetState.WITHDRAWN),
        ("expire", (FactorResetState.REQUESTED, FactorResetState.VOUCHED), FactorResetState.EXPIRED),
    ],
)
