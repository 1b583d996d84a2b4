#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The other end of test_noise_live by dissononce: does what noise_peer.go does.

usage: noise_peer.py PATTERN ROLE STATIC PEER_STATIC PSK PROLOGUE
"""
import hashlib
import hmac
import sys

from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.public import PublicKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.hash.sha256 import SHA256Hash
from dissononce.processing.handshakepatterns.interactive.KK import (
    KKHandshakePattern)
from dissononce.processing.handshakepatterns.interactive.NN import (
    NNHandshakePattern)
from dissononce.processing.handshakepatterns.interactive.XX import (
    XXHandshakePattern)
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState
from dissononce.processing.modifiers.psk import PSKPatternModifier

PATTERNS = {'XX': XXHandshakePattern, 'KK': KKHandshakePattern,
            'NN': NNHandshakePattern}


def receive():
    head = sys.stdin.buffer.read(2)
    if not head:
        sys.exit(0)
    return sys.stdin.buffer.read(int.from_bytes(head, 'big'))


def send(frame):
    sys.stdout.buffer.write(len(frame).to_bytes(2, 'big') + frame)
    sys.stdout.buffer.flush()


def rekey(state):
    """crypto/SPEC.md 5: KDF(key, "rekey", ""), not Noise's REKEY."""
    key = state._key  # it has no other way to it
    state.initialize_key(hmac.new(key, b'rekey\x00\x01',
                                  hashlib.sha256).digest())


def shake_hands(name, initiator, static, peer_static, psk, prologue):
    """Both directions, the channel binding, all payloads received."""
    pattern = PATTERNS[name.removesuffix('psk0')]()
    if name.endswith('psk0'):
        pattern = PSKPatternModifier(0).modify(pattern)
    symmetric = SymmetricState(CipherState(ChaChaPolyCipher()), SHA256Hash())
    handshake = HandshakeState(symmetric, X25519DH())
    handshake.initialize(
        handshake_pattern=pattern, initiator=initiator, prologue=prologue,
        s=X25519DH().generate_keypair(PrivateKey(static)) if static else None,
        rs=PublicKey(peer_static) if peer_static else None,
        psks=[psk] if psk else None)
    states, received, number = None, b'', 0
    while not states:
        buffer = bytearray()
        if (number % 2 == 0) == initiator:
            states = handshake.write_message(f'go {number}'.encode(), buffer)
            send(bytes(buffer))
        else:
            states = handshake.read_message(receive(), buffer)
            received += bytes(buffer)
        number += 1
    return states, symmetric.get_handshake_hash(), received


def main():
    name, role = sys.argv[1:3]
    states, binding, received = shake_hands(
        name, role == 'initiator', *(bytes.fromhex(a) for a in sys.argv[3:]))
    ours, theirs = states if role == 'initiator' else reversed(states)
    send(ours.encrypt_with_ad(b'', binding + received))
    while True:
        plain = theirs.decrypt_with_ad(b'', receive())
        send(ours.encrypt_with_ad(b'', plain[::-1]))
        if plain == b'rekey':
            rekey(ours)
            rekey(theirs)


if __name__ == '__main__':
    try:
        main()
    except Exception as error:
        print(f'noise_peer.py: {error!r}', file=sys.stderr)
        sys.exit(1)
