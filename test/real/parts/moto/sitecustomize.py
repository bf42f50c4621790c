"""moto 5.2.5 does not know MessageType DIGEST: it hashes a digest once more. On PYTHONPATH, this teaches its ECDSA keys
what AWS does with one. A message of 32 bytes is taken for a digest; the suites send nothing else of that length."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto.kms import utils as kms

_whole = kms.ECDSAPrivateKey.sign


def _sign(self, message, signing_algorithm):
    if signing_algorithm != "ECDSA_SHA_256" or len(message) != 32:
        return _whole(self, message, signing_algorithm)
    return self.private_key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


kms.ECDSAPrivateKey.sign = _sign
