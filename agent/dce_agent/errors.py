"""What goes wrong for a reason that a person can act on."""


class AgentError(Exception):
    """A sentence: what happened, what was kept, what to do next."""
