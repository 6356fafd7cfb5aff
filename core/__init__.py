"""The ground floor: actor, errors, states, audit trail, mail outbox, tokens and throttles. It knows no other room."""
