"""How hypothesis searches: the short suite takes the same examples everywhere, the long one new ones.

A failure of the short suite is then one that everybody can repeat; a new example that fails is found where
there is time to look at it. Time limits of single examples are off: machines that are busy are slow.
"""

from hypothesis import settings

settings.register_profile("short", derandomize=True, deadline=None)
settings.register_profile("long", deadline=None, print_blob=True)
