"""Do the shipped journeys do what their scenarios say? Through the plugin, as users' own suites run theirs."""

from infra.pytest_plugin import segue_scenarios

test_journeys = segue_scenarios("journeys/")
