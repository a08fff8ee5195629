"""Does this run go on, now that its person may have become one with another? Asked wherever a machine asks anything."""

from datetime import datetime

from functions.journeys.api import Enrolments
from functions.journeys.collisions import MERGED
from functions.journeys.machines import Machines
from functions.journeys.model import Enrolment
from functions.profiles.model import Snapshot


def gives_way(run: Enrolment, snapshot: Snapshot, enrolments: Enrolments, machines: Machines, at: datetime) -> bool:
    """True when an earlier run of the journey stands under another id of the person: this one was ended and stopped.

    ``snapshot`` = the person as of now. Whom nothing was merged into costs no request. A repetition finds the row
    ended and stops the execution again, since whoever ended it may have died in between.
    """
    if run.running:
        if enrolments.earlier(run, snapshot.ids) is None:
            return False
        run = enrolments.supersede(run, at) or run
    elif (run.status, run.reason) != ("superseded", MERGED):
        return False
    machines.stop(run, MERGED)
    return True
