"""What our wrapped tenant keys will rely on, asked of a KMS: prints one JSON object."""
import json
import sys

import boto3
from botocore.exceptions import ClientError

kms = boto3.client("kms", endpoint_url=sys.argv[1], aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
key = kms.create_key()["KeyMetadata"]["KeyId"]
context = {"memplane": "kek/1", "tenant": "t", "namespace": "mem-acme"}
born = kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
retained = kms.re_encrypt(
    CiphertextBlob=born["CiphertextBlob"],
    SourceEncryptionContext=context,
    DestinationKeyId=key,
    DestinationEncryptionContext={**context, "namespace": "retained/t"},
)
try:
    kms.decrypt(CiphertextBlob=retained["CiphertextBlob"], EncryptionContext=context)
    wrong = None
except ClientError as error:
    wrong = error.response["Error"]["Code"]
right = kms.decrypt(CiphertextBlob=retained["CiphertextBlob"], EncryptionContext={**context, "namespace": "retained/t"})
print(json.dumps({"plaintextAtBirth": "Plaintext" in born, "wrongContext": wrong, "bytes": len(right["Plaintext"])}))
