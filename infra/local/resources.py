"""What does `cdk deploy` make? The same things, in moto, from the same templates."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3

from infra.local.templates import ACCOUNT, REGION, Resource, TemplateFault, Templates

# Nothing on the laptop depends on these; every other type must be made or named here, so that nothing is forgotten.
NOT_NEEDED = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::EventBusPolicy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Logs::LogGroup",
        "AWS::Logs::LogStream",
        "AWS::Logs::ResourcePolicy",
        "AWS::S3::BucketPolicy",
        "AWS::SES::ConfigurationSetEventDestination",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
)
MADE_LATER = frozenset(
    {
        "AWS::Events::Rule",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Scheduler::Schedule",
        "AWS::StepFunctions::StateMachine",
        "AWS::StepFunctions::StateMachineVersion",
    }
)


def make_resources(templates: Templates, secrets: Mapping[str, str]) -> None:
    """Makes what stands by itself: not functions, machines, rules and mappings. ``secrets`` = texts by name.

    Raises ``TemplateFault`` for a type it does not know.
    """
    makers = _makers(secrets)
    unknown = templates.types() - makers.keys() - NOT_NEEDED - MADE_LATER
    if unknown:
        raise TemplateFault(f"the laptop does not know {', '.join(sorted(unknown))}")
    for resource in templates.of_type(*NOT_NEEDED):
        _name_only(templates, resource)
    for resource in templates.of_type("AWS::Lambda::Function"):
        name = templates.resolve(resource.properties["FunctionName"], resource.stack)
        templates.know(resource, ref=name, Arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    for types in makers:
        for resource in sorted(templates.of_type(types), key=_dead_letters_first):
            makers[types](templates, resource, templates.resolved(resource))


def _dead_letters_first(resource: Resource) -> bool:
    return "RedrivePolicy" in resource.properties


def _name_only(templates: Templates, resource: Resource) -> None:
    """References to what is not made (a role's ARN in a definition) still need a value."""
    name = resource.logical_id.lower()
    templates.know(
        resource,
        ref=f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}:1" if "Layer" in resource.type else name,
        Arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
    )


def _makers(secrets: Mapping[str, str]) -> Mapping[str, Callable[[Templates, Resource, dict[str, Any]], None]]:
    clients = {name: boto3.client(name, region_name=REGION) for name in _SERVICES}

    def queue(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        attributes = {
            name: json.dumps(said[name]) if isinstance(said[name], dict) else str(said[name])
            for name in ("VisibilityTimeout", "MessageRetentionPeriod")
            if name in said
        }
        name = said.get("QueueName") or _generated(resource)
        url = clients["sqs"].create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        templates.know(resource, ref=url, Arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", QueueName=name)

    def table(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        indexes = [
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            for index in said.get("GlobalSecondaryIndexes", [])
        ]
        more = {"GlobalSecondaryIndexes": indexes} if indexes else {}
        clients["dynamodb"].create_table(
            TableName=said["TableName"],
            KeySchema=said["KeySchema"],
            AttributeDefinitions=said["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
        name = said["TableName"]
        templates.know(resource, ref=name, Arn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}")

    def bus(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        arn = clients["events"].create_event_bus(Name=said["Name"])["EventBusArn"]
        templates.know(resource, ref=said["Name"], Name=said["Name"], Arn=arn)

    def bucket(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        name = said.get("BucketName") or _generated(resource)
        clients["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        templates.know(resource, ref=name, Arn=f"arn:aws:s3:::{name}")

    def delivery_stream(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        name, destination = said["DeliveryStreamName"], said["ExtendedS3DestinationConfiguration"]
        where = {field: destination[field] for field in ("BucketARN", "RoleARN", "CompressionFormat", "Prefix")}
        answer = clients["firehose"].create_delivery_stream(
            DeliveryStreamName=name,
            DeliveryStreamType=said["DeliveryStreamType"],
            ExtendedS3DestinationConfiguration=where,
        )
        templates.know(resource, ref=name, Arn=answer["DeliveryStreamARN"])

    def secret(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        generate = said.get("GenerateSecretString", {})
        # Repeatable runs need repeatable keys; nothing on the laptop is worth guarding.
        text = hashlib.sha512(resource.logical_id.encode()).hexdigest()[: generate.get("PasswordLength", 32)]
        if "SecretStringTemplate" in generate:
            text = json.dumps({**json.loads(generate["SecretStringTemplate"]), generate["GenerateStringKey"]: text})
        text = secrets.get(said["Name"], text)
        arn = clients["secretsmanager"].create_secret(Name=said["Name"], SecretString=text)["ARN"]
        templates.know(resource, ref=arn, Arn=arn)

    def configuration_set(templates: Templates, resource: Resource, said: dict[str, Any]) -> None:
        clients["sesv2"].create_configuration_set(ConfigurationSetName=said["Name"])
        templates.know(resource, ref=said["Name"])

    return {
        "AWS::SecretsManager::Secret": secret,
        "AWS::S3::Bucket": bucket,
        "AWS::KinesisFirehose::DeliveryStream": delivery_stream,
        "AWS::Events::EventBus": bus,
        "AWS::SES::ConfigurationSet": configuration_set,
        "AWS::SQS::Queue": queue,
        "AWS::DynamoDB::Table": table,
        "AWS::DynamoDB::GlobalTable": table,
    }


_SERVICES = ("dynamodb", "events", "firehose", "s3", "secretsmanager", "sesv2", "sqs")


def _generated(resource: Resource) -> str:
    return f"{resource.stack}-{resource.logical_id}".lower()[:63]
