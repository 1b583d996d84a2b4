// SPDX-License-Identifier: MIT

// The other end of test_noise_live: a Noise handshake by another
// implementation, over frames on standard input and output (a big-endian
// length of two bytes, then that many bytes).
//
// usage: noise-peer PATTERN ROLE STATIC PEER_STATIC PSK PROLOGUE
//
// ROLE is initiator or responder; the rest is hexadecimal, empty where the
// pattern has no use for it. Message n of the handshake carries the payload
// "go n". After it the peer sends one transport message, the channel binding
// and all payloads it has received, then answers every transport message with
// its bytes in reverse, until the end of the input. When it has answered the
// message "rekey" both directions go on with the next key (crypto/SPEC.md 5,
// which is not Noise's REKEY).
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"reflect"

	"github.com/flynn/noise"
	"golang.org/x/crypto/curve25519"
)

var in = bufio.NewReader(os.Stdin)

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "noise-peer: %s: %v\n", what, err)
	os.Exit(1)
}

func receive() []byte {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err == io.EOF {
		os.Exit(0)
	} else if err != nil {
		fail("receive", err)
	}
	frame := make([]byte, binary.BigEndian.Uint16(head[:]))
	if _, err := io.ReadFull(in, frame); err != nil {
		fail("receive", err)
	}
	return frame
}

func send(frame []byte) {
	out := make([]byte, 2, 2+len(frame))
	binary.BigEndian.PutUint16(out, uint16(len(frame)))
	if _, err := os.Stdout.Write(append(out, frame...)); err != nil {
		fail("send", err)
	}
}

func argument(i int) []byte {
	value, err := hex.DecodeString(os.Args[i])
	if err != nil {
		fail(fmt.Sprintf("argument %d", i), err)
	}
	return value
}

func config() noise.Config {
	c := noise.Config{
		CipherSuite: noise.NewCipherSuite(noise.DH25519,
			noise.CipherChaChaPoly, noise.HashSHA256),
		Initiator:    os.Args[2] == "initiator",
		PeerStatic:   argument(4),
		PresharedKey: argument(5),
		Prologue:     argument(6),
	}
	if private := argument(3); len(private) > 0 {
		public, err := curve25519.X25519(private, curve25519.Basepoint)
		if err != nil {
			fail("static key", err)
		}
		c.StaticKeypair = noise.DHKey{Private: private, Public: public}
	}
	switch os.Args[1] {
	case "XX", "XXpsk0":
		c.Pattern = noise.HandshakeXX
	case "KKpsk0":
		c.Pattern = noise.HandshakeKK
	case "NNpsk0":
		c.Pattern = noise.HandshakeNN
	default:
		fail("pattern", fmt.Errorf("%s is unknown", os.Args[1]))
	}
	return c
}

// records seals or opens in one direction.
type records struct {
	cipher noise.Cipher
	key    [32]byte
	n      uint64
}

// recordsOf goes on with the key of a fresh state, which it does not show.
func recordsOf(state *noise.CipherState) *records {
	var r records
	k := reflect.ValueOf(state).Elem().FieldByName("k")
	for i := range r.key {
		r.key[i] = byte(k.Index(i).Uint())
	}
	r.cipher = state.Cipher()
	return &r
}

// rekey follows crypto/SPEC.md 5: KDF(key, "rekey", "").
func (r *records) rekey() {
	mac := hmac.New(sha256.New, r.key[:])
	mac.Write([]byte("rekey\x00\x01"))
	copy(r.key[:], mac.Sum(nil))
	r.cipher = noise.CipherChaChaPoly.Cipher(r.key)
	r.n = 0
}

func (r *records) seal(plain []byte) []byte {
	r.n++
	return r.cipher.Encrypt(nil, r.n-1, nil, plain)
}

func (r *records) open(sealed []byte) []byte {
	plain, err := r.cipher.Decrypt(nil, r.n, nil, sealed)
	if err != nil {
		fail("open", err)
	}
	r.n++
	return plain
}

func main() {
	if len(os.Args) != 7 {
		fail("usage", fmt.Errorf("6 arguments are wanted"))
	}
	c := config()
	hs, err := noise.NewHandshakeState(c)
	if err != nil {
		fail("handshake", err)
	}
	var i2r, r2i *noise.CipherState
	var frame, payload, received []byte
	for n := 0; i2r == nil; n++ {
		if (n%2 == 0) == c.Initiator {
			frame, i2r, r2i, err = hs.WriteMessage(nil,
				[]byte(fmt.Sprintf("go %d", n)))
			if err == nil {
				send(frame)
			}
		} else {
			payload, i2r, r2i, err = hs.ReadMessage(nil, receive())
			received = append(received, payload...)
		}
		if err != nil {
			fail(fmt.Sprintf("message %d", n), err)
		}
	}
	ours, theirs := recordsOf(i2r), recordsOf(r2i)
	if !c.Initiator {
		ours, theirs = theirs, ours
	}
	answer := append(append([]byte{}, hs.ChannelBinding()...), received...)
	send(ours.seal(answer))
	for {
		answer = theirs.open(receive())
		rekey := string(answer) == "rekey"
		for i, j := 0, len(answer)-1; i < j; i, j = i+1, j-1 {
			answer[i], answer[j] = answer[j], answer[i]
		}
		send(ours.seal(answer))
		if rekey {
			ours.rekey()
			theirs.rekey()
		}
	}
}
