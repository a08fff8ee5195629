"""A small machine that sends: for tests of whatever runs machines."""

TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "TimeoutSeconds": 3600,
    "Parameters": {
        "QueueUrl": "QUEUE",
        "MessageBody": {"token.$": "$$.Task.Token", "entered_at.$": "$$.State.EnteredTime"},
    },
    "ResultPath": "$.answer",
    "Catch": [
        {"ErrorEquals": ["Deferred"], "ResultPath": "$.held", "Next": "Held"},
        {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.late", "Next": "Late"},
    ],
    "Next": "Done",
}
SEND = {
    "Wait a day": {"Type": "Wait", "Seconds": 86400, "Next": "Send"},
    "Send": TOKEN,
    "Held": {"Type": "Wait", "TimestampPath": "$.held.Cause", "Next": "Done"},
    "Late": {"Type": "Pass", "Next": "Done"},
    "Done": {"Type": "Pass", "End": True},
}
