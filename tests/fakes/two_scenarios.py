"""A scenario that holds and one that does not, of a journey that says hello."""

STORY = """
scenarios:
  - name: says hello
    people: [{userId: u1, traits: {email: ann@example.com}, consent: {offers: {email: granted}}}]
    when: [{at: 1h, type: track, userId: u1, event: Cart Updated}]
    expect: {messages: [{userId: u1, step: hello, at: 1h}]}
  - name: says hello without consent
    people: [{userId: u1, traits: {email: ann@example.com}}]
    when: [{at: 1h, type: track, userId: u1, event: Cart Updated}]
    expect: {messages: [{userId: u1, step: hello, at: 1h}]}
"""
