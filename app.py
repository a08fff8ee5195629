"""Segue on AWS. ``npx aws-cdk@2 deploy --all`` deploys stage dev; ``-c stage=prod`` stage prod."""

from infra.application import Application
from infra.capabilities.audiences import Audiences
from infra.capabilities.capture import Capture
from infra.capabilities.decisioning import Decisioning
from infra.capabilities.dispatch import Dispatch
from infra.capabilities.feedback import Feedback
from infra.capabilities.identity import Identity
from infra.capabilities.journeys import Journeys
from infra.capabilities.machines import Machines
from infra.capabilities.permissions import Permissions
from infra.capabilities.profiles import Profiles
from infra.platform import Platform


def segue(app: Application) -> None:
    """Every stack, after those it hands its work to."""
    platform = Platform(app)
    profiles = Profiles(app, after=[platform])
    permissions = Permissions(app, after=[platform])
    decisioning = Decisioning(app, after=[profiles])
    journeys = Journeys(app, after=[profiles, decisioning])
    audiences = Audiences(app, after=[profiles, decisioning])
    identity = Identity(app, after=[profiles, permissions, journeys, audiences])
    Capture(app, after=[identity])
    dispatch = Dispatch(app, after=[journeys, permissions])
    Feedback(app, after=[dispatch])
    Machines(app, after=[journeys, dispatch])


if __name__ == "__main__":
    application = Application()
    segue(application)
    application.finish()
