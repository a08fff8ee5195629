"""The language of journeys, read, checked, compiled and published on the author's machine; never in Lambda."""
