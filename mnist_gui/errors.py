"""The errors whose message is written for the person at the keyboard, not for a programmer."""


class UserError(Exception):
    """Something is wrong with the world: a file, the network, a data set, a setting.

    The message is one sentence that says what is wrong and what to do. The command line prints it on one line and
    ends with status 1; the window shows it and stays as it was.
    """
