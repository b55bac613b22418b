"""What is in a message: types, fields, sizes; and messages to and from another client."""

import uuid

from links import Receiver, bodies, connect, send, tag_bytes
from proton import Delivery, Message, byte, float32, int32, symbol, timestamp, ubyte, uint, ulong
from proton.utils import LinkDetached, SendException


def tagged(value):
    """A value with its AMQP type, as far as Python keeps it apart."""
    if isinstance(value, dict):
        return {"map": sorted([tagged(key), tagged(item)] for key, item in value.items())}
    if isinstance(value, (list, tuple)):
        return {"list": [tagged(item) for item in value]}
    if isinstance(value, memoryview):
        value = bytes(value)
    return f"{type(value).__name__}:{value!r}"


BODIES = [
    (True, b"one data section"),
    (False, b"binary as a value"),
    (False, "text as a value"),
    (False, True),
    (False, 5),
    (False, int32(-5)),
    (False, ulong(2**63)),
    (False, 1.5),
    (False, uuid.UUID("6a1b0c6e-4f6e-4a55-8b0c-5b1d0a7a3f11")),
    (False, timestamp(1_764_000_000_000)),
    (False, symbol("a-symbol")),
    (False, {"text": "x", "whole": 1, "nested": {"list": [1, "two", None, b"3"]}}),
    (False, [1, "two", {"three": 3}]),
    (True, [1, "a sequence section"]),
    (False, "\u00e4\u20ac\U0001f4de"),
]


PROPERTIES = {
    "text": "x",
    "truth": True,
    "long": 2**40,
    "int": int32(7),
    "uint": uint(7),
    "ulong": ulong(7),
    "byte": byte(-7),
    "ubyte": ubyte(7),
    "double": 0.1,
    "float": float32(0.5),
    "time": timestamp(1_764_000_000_000),
    "uuid": uuid.UUID("6a1b0c6e-4f6e-4a55-8b0c-5b1d0a7a3f11"),
}


def types(connection, queue):
    """Every body and property arrives with the type that it was sent with."""
    sent = [Message(body=body, inferred=inferred, properties=PROPERTIES) for inferred, body in BODIES]
    send(connection, queue, *sent)
    receiver = Receiver(connection, queue)
    received = [message for message, _ in receiver.receive(len(sent))]
    kind = lambda message: [message.inferred, tagged(message.body)]
    return {
        "sent": [kind(message) for message in sent],
        "received": [kind(message) for message in received],
        "sentProperties": tagged(PROPERTIES),
        "receivedProperties": [tagged(message.properties) for message in received],
    }


def fields(connection, queue):
    """Header and properties of a message, and what the endpoint adds to them."""
    message = Message(
        body="x",
        id="id-1",
        correlation_id=uuid.UUID("6a1b0c6e-4f6e-4a55-8b0c-5b1d0a7a3f11"),
        subject="label",
        reply_to="elsewhere",
        content_type="application/json",
        durable=True,
        ttl=3600,
        user_id=b"",
        group_id="",
    )
    send(connection, queue, message, Message(body="no id"))
    receiver = Receiver(connection, queue)
    (first, delivery), (second, _) = receiver.receive(2)
    annotations = first.annotations
    return {
        "id": tagged(first.id),
        "correlationId": tagged(first.correlation_id),
        "subject": first.subject,
        "replyTo": first.reply_to,
        "contentType": first.content_type,
        "durable": first.durable,
        "ttlSeconds": first.ttl,
        "deliveryCount": first.delivery_count,
        "annotationTypes": {str(name): type(value).__name__ for name, value in annotations.items()},
        "sequenceNumbers": [m.annotations[symbol("x-opt-sequence-number")] for m in (first, second)],
        "lockedForMs": annotations[symbol("x-opt-locked-until")] - annotations[symbol("x-opt-enqueued-time")],
        "settled": delivery.settled,
        "tagBytes": len(tag_bytes(delivery)),
        "idGiven": second.id is not None,
    }


def large(connection, queue):
    """Messages of many frames in both directions, between others, up to the limit and over it."""
    sizes = [10, 70_000, 1, 261_000, 65_536, 20]
    patterns = [bytes((n * 31 + size) % 251 for n in range(size)) for size in sizes]
    send(connection, queue, *[Message(body=pattern, inferred=True) for pattern in patterns])
    receiver = Receiver(connection, queue)
    arrived = receiver.receive(len(sizes))
    seen = {
        "sizes": sizes,
        "arrived": [len(message.body) for message, _ in arrived],
        "equal": [bytes(message.body) == pattern for (message, _), pattern in zip(arrived, patterns)],
        "maxMessageSize": receiver.link.remote_max_message_size,
    }
    for _, delivery in arrived:
        receiver.settle(delivery, Delivery.ACCEPTED)
    try:
        send(connection, queue, Message(body=b"x" * 300_000, inferred=True))
        seen["tooLarge"] = "was accepted"
    except SendException as refusal:
        seen["tooLarge"] = str(refusal.state)
    except LinkDetached as refusal:
        seen["tooLarge"] = str(refusal.condition)
    seen["left"] = bodies(Receiver(connection, queue).drain())
    return seen


def small_frames(connection, queue, address):
    """The same for a client that takes and makes frames of 1 KiB."""
    small = connect(address, max_frame_size=1024)
    seen = large(small, queue)
    small.close()
    return seen


def receive_all(connection, queue):
    """Whatever is in the queue, sent by another client."""
    receiver = Receiver(connection, queue)
    arrived = receiver.drain(1000)
    for _, delivery in arrived:
        receiver.settle(delivery, Delivery.ACCEPTED)
    return [
        {
            "body": bytes(m.body).decode("utf-8") if isinstance(m.body, (bytes, memoryview)) else m.body,
            "id": m.id,
            "contentType": m.content_type,
            "properties": m.properties,
        }
        for m, _ in arrived
    ]


def send_some(connection, queue):
    """Messages for another client."""
    send(
        connection,
        queue,
        Message(
            body=b'{"v":1,"data":{"date":"2026-11-23"}}',
            inferred=True,
            id="from-proton",
            content_type="application/json",
            properties={"text": "x", "whole": int32(7)},
        ),
        Message(body={"as": "a map", "n": int32(3)}, id="as-value"),
    )
    return {}
