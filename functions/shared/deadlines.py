"""Until when does a machine wait for what it asked?"""

from datetime import timedelta

# Longer than any hold a gate asks for. The machine then goes on as after a failure, so nothing may go any more.
SEND_TIMEOUT = timedelta(days=4)
