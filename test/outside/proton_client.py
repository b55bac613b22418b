"""An AMQP 1.0 client that shares nothing with ours (Qpid Proton), for the Service Bus endpoint on this machine.

    proton_client.py <host:port> <queue> <scenario>

Runs one scenario and prints what it saw as one JSON document; the suite that started it judges. Nothing here sleeps: that
no message comes is known by draining the link, which the other side has to answer.
"""

import datetime
import inspect
import json
import sys
import uuid

from proton import (
    UNDESCRIBED,
    Array,
    Condition,
    Data,
    Delivery,
    Link,
    Message,
    byte,
    float32,
    int32,
    symbol,
    timestamp,
    ubyte,
    uint,
    ulong,
)
from proton.handlers import MessagingHandler
from proton.reactor import AtLeastOnce, AtMostOnce, LinkOption, ReceiverOption
from proton.utils import BlockingConnection, LinkDetached, SendException

TIMEOUT_S = 20


def new_name():
    """Of a link. Proton names links after their address, and then a second one to the same queue is refused."""
    return f"link-{uuid.uuid4()}"


class Inbox(MessagingHandler):
    """Keeps what arrives; the scenario decides about credit and outcome."""

    def __init__(self):
        super().__init__(prefetch=0, auto_accept=False, auto_settle=False, peer_close_is_error=False)
        self.arrived = []

    def on_message(self, event):
        self.arrived.append((event.message, event.delivery))


class SettleSecond(ReceiverOption):
    """A delivery is settled when the sender has confirmed its outcome, as the cloud's own clients ask for it."""

    def apply(self, link):
        link.snd_settle_mode = Link.SND_UNSETTLED
        link.rcv_settle_mode = Link.RCV_SECOND


class ReplyTo(ReceiverOption):
    def __init__(self, address):
        self.address = address

    def apply(self, link):
        link.target.address = self.address


class Receiver:
    def __init__(self, connection, address, *options):
        self.connection = connection
        self.inbox = Inbox()
        # Kept, because the end of the wrapper takes the handler away from the link.
        self.wrapper = connection.create_receiver(
            address, credit=0, handler=self.inbox, name=new_name(), options=list(options)
        )
        self.link = self.wrapper.link

    def receive(self, count=1):
        """Gives credit for so many messages and waits for all of them."""
        wanted = len(self.inbox.arrived) + count
        self.link.flow(count)
        self.connection.wait(
            lambda: len(self.inbox.arrived) >= wanted, timeout=TIMEOUT_S, msg=f"waiting for {count} messages"
        )
        return self.inbox.arrived[wanted - count : wanted]

    def drain(self, credit=10):
        """Takes what is there and no more."""
        before = len(self.inbox.arrived)
        self.link.drain(credit)
        self.connection.wait(lambda: self.link.credit == 0, timeout=TIMEOUT_S, msg="waiting for the end of a drain")
        return self.inbox.arrived[before:]

    def settle(self, delivery, state, **local):
        """First and second settlement mode alike; gives the outcome that the sender confirmed, in second mode."""
        for name, value in local.items():
            setattr(delivery.local, name, value)
        delivery.update(state)
        if self.link.rcv_settle_mode == Link.RCV_FIRST:
            delivery.settle()
            return None
        self.connection.wait(lambda: delivery.settled, timeout=TIMEOUT_S, msg="waiting for a confirmed outcome")
        remote, condition = delivery.remote_state, delivery.remote.condition
        delivery.settle()
        return {"outcome": str(remote), "condition": condition.name if condition else None}

    def close(self):
        self.link.close()


def connect(address, **options):
    return BlockingConnection(address, timeout=TIMEOUT_S, allowed_mechs="ANONYMOUS", reconnect=False, **options)


def send(connection, queue, *messages, options=None):
    sender = connection.create_sender(queue, name=new_name(), options=options)
    for message in messages:
        sender.send(message)
    sender.close()


def bodies(pairs):
    return [message.body for message, _ in pairs]


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


def outcomes(connection, queue, *options):
    """Accept, release, modify and reject, by a receiver of the settlement mode in `options`."""
    receiver = Receiver(connection, queue, *options)
    seen = {"settleModes": [receiver.link.remote_snd_settle_mode, receiver.link.remote_rcv_settle_mode]}
    again = lambda: [[m.body, m.delivery_count] for m, _ in [*receiver.inbox.arrived[-1:]]]

    send(connection, queue, Message(body="a"))
    ((_, delivery),) = receiver.receive()
    seen["accepted"] = receiver.settle(delivery, Delivery.ACCEPTED)
    seen["afterAccepted"] = bodies(receiver.drain())

    send(connection, queue, Message(body="b"))
    ((_, delivery),) = receiver.receive()
    seen["released"] = receiver.settle(delivery, Delivery.RELEASED)
    ((_, delivery),) = receiver.receive()
    seen["afterReleased"] = again()
    seen["failed"] = receiver.settle(delivery, Delivery.MODIFIED, failed=True)
    ((_, delivery),) = receiver.receive()
    seen["afterFailed"] = again()
    seen["annotated"] = receiver.settle(
        delivery, Delivery.MODIFIED, failed=True, annotations={symbol("why"): "try again"}
    )
    ((message, delivery),) = receiver.receive()
    seen["afterAnnotated"] = [message.body, message.delivery_count, (message.properties or {}).get("why")]
    seen["undeliverable"] = receiver.settle(delivery, Delivery.MODIFIED, undeliverable=True)
    seen["afterUndeliverable"] = bodies(receiver.drain())

    send(connection, queue, Message(body="c", properties={"kept": 1}))
    ((_, delivery),) = receiver.receive()
    info = {symbol("DeadLetterReason"): "BadMessage", symbol("DeadLetterErrorDescription"): "cannot be read"}
    seen["rejected"] = receiver.settle(
        delivery,
        Delivery.REJECTED,
        condition=Condition("com.microsoft:dead-letter", None, info),
    )
    seen["afterRejected"] = bodies(receiver.drain())
    dead = Receiver(connection, f"{queue}/$DeadLetterQueue", *options)
    ((message, delivery),) = dead.receive()
    seen["deadLetter"] = [message.body, message.properties]
    seen["deadLetterAccepted"] = dead.settle(delivery, Delivery.ACCEPTED)
    seen["afterDeadLetter"] = bodies(dead.drain())
    return seen


def outcomes_second(connection, queue):
    return outcomes(connection, queue, SettleSecond())


def many_outcomes(connection, queue):
    """Outcomes of many deliveries that one frame may carry: neighbours of the same and of different outcome."""
    send(connection, queue, *[Message(body=n) for n in range(60)])
    receiver = Receiver(connection, queue)
    for (message, delivery) in receiver.receive(60):
        if message.body % 3 == 0:
            delivery.update(Delivery.ACCEPTED)
        elif message.body % 3 == 1:
            delivery.update(Delivery.REJECTED)
        else:
            delivery.update(Delivery.RELEASED)
        delivery.settle()
    back = receiver.drain(100)
    for _, delivery in back:
        receiver.settle(delivery, Delivery.ACCEPTED)
    dead = Receiver(connection, f"{queue}/$DeadLetterQueue")
    return {"released": sorted(bodies(back)), "rejected": sorted(bodies(dead.drain(100)))}


def delivery_limit(connection, queue):
    """A message that fails again and again ends among the dead letters, with its reason."""
    send(connection, queue, Message(body="poison"))
    receiver = Receiver(connection, queue)
    counts = []
    while True:
        arrived = receiver.drain(1)
        if not arrived or len(counts) > 50:
            break
        ((message, delivery),) = arrived
        counts.append(message.delivery_count)
        receiver.settle(delivery, Delivery.MODIFIED, failed=True)
    dead = Receiver(connection, f"{queue}/$DeadLetterQueue")
    ((message, _),) = dead.receive()
    return {"counts": counts, "properties": message.properties, "deliveryCount": message.delivery_count}


def credit(connection, queue):
    """The endpoint sends exactly as much as it is allowed to, and answers every drain."""
    receiver = Receiver(connection, queue)
    seen = {"emptyDrain": len(receiver.drain(5)), "creditAfterEmptyDrain": receiver.link.credit}
    send(connection, queue, *[Message(body=n) for n in range(20)])
    seen["first"] = bodies(receiver.receive(3))
    seen["creditLeft"] = receiver.link.credit
    seen["second"] = bodies(receiver.receive(2))
    seen["drained"] = bodies(receiver.drain(40))
    seen["creditAfterDrain"] = receiver.link.credit
    send(connection, queue, Message(body="late"))
    other = Receiver(connection, queue)
    seen["other"] = bodies(other.receive())
    seen["withoutCredit"] = len(receiver.inbox.arrived)
    # Credit that was given before there was a message still counts.
    receiver.link.flow(1)
    send(connection, queue, Message(body="awaited"))
    connection.wait(lambda: len(receiver.inbox.arrived) == 21, timeout=TIMEOUT_S, msg="waiting for a message to come")
    seen["awaited"] = bodies(receiver.inbox.arrived[20:])
    return seen


def modes(connection, queue):
    """Settled by the sender: a message is sent, or received, once at most."""
    sender = connection.create_sender(queue, name=new_name(), options=AtMostOnce())
    for n in range(10):
        sender.link.send(Message(body=n))
    connection.wait(lambda: sender.link.queued == 0, timeout=TIMEOUT_S, msg="waiting for the messages to be written")
    receiver = Receiver(connection, queue, AtMostOnce())
    arrived = receiver.receive(10)
    return {
        "bodies": bodies(arrived),
        "settled": [delivery.settled for _, delivery in arrived],
        "left": bodies(Receiver(connection, queue).drain()),
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


def unknown_queue(connection, queue):
    """Links to a queue that does not exist are refused with the condition that says so."""
    seen = {}
    for name, attempt in {
        "sender": lambda: connection.create_sender("no-such-queue", name=new_name()),
        "receiver": lambda: connection.create_receiver("no-such-queue", name=new_name()),
    }.items():
        try:
            attempt()
            seen[name] = "was opened"
        except LinkDetached as refusal:
            seen[name] = str(refusal.condition)
    # The connection outlives the refusals.
    send(connection, queue, Message(body="still here"))
    seen["after"] = bodies(Receiver(connection, queue).receive())
    return seen


def lock_lost(connection, queue):
    """A lock that ran out: the message goes to another receiver, and the late outcome is refused."""
    send(connection, queue, Message(body="slow"))
    late = Receiver(connection, queue, SettleSecond())
    ((_, expired),) = late.receive()
    other = Receiver(connection, queue, SettleSecond())
    ((message, held),) = other.receive()
    return {
        "redelivered": [message.body, message.delivery_count],
        "late": late.settle(expired, Delivery.ACCEPTED),
        "inTime": other.settle(held, Delivery.ACCEPTED),
        "left": bodies(other.drain()),
    }


def dropped_connection(connection, queue, address):
    """What a client holds when it goes away is delivered again, to another."""
    send(connection, queue, Message(body="held"))
    gone = connect(address)
    Receiver(gone, queue).receive()
    gone.close()
    ((message, delivery),) = (receiver := Receiver(connection, queue)).receive()
    receiver.settle(delivery, Delivery.ACCEPTED)
    return {"redelivered": message.body, "left": bodies(receiver.drain())}


class Management:
    """Requests to a node, answered on a link of our own."""

    def __init__(self, connection, node):
        self.sender = connection.create_sender(node, name=new_name())
        self.receiver = Receiver(connection, node, ReplyTo("replies-1"), AtLeastOnce())
        self.count = 0

    def ask(self, operation, body, **properties):
        self.count += 1
        request = Message(
            body=body, id=f"request-{self.count}", reply_to="replies-1", properties={"operation": operation, **properties}
        )
        self.sender.send(request)
        ((answer, delivery),) = self.receiver.receive()
        self.receiver.settle(delivery, Delivery.ACCEPTED)
        if answer.correlation_id != request.id:
            raise RuntimeError(f"an answer to {answer.correlation_id}")
        return answer


def management(connection, queue):
    """Token, peek, schedule, cancel and lock renewal, as requests and answers."""
    token = Management(connection, "$cbs").ask(
        "put-token", "not-a-token", type="servicebus.windows.net:sastoken", name=f"sb://127.0.0.1/{queue}"
    )
    node = Management(connection, f"{queue}/$management")
    peek = lambda start, count: node.ask(
        "com.microsoft:peek-message", {"from-sequence-number": start, "message-count": int32(count)}
    )
    status = lambda answer: answer.properties["statusCode"]
    seen = {"token": token.properties.get("status-code", token.properties.get("statusCode")), "peekEmpty": status(peek(1, 10))}

    send(connection, queue, *[Message(body=f"m{n}") for n in range(3)])
    peeked = [decoded(entry["message"]) for entry in peek(1, 10).body["messages"]]
    seen["peeked"] = [m.body for m in peeked]
    number = symbol("x-opt-sequence-number")
    seen["peekedFromSecond"] = [
        decoded(entry["message"]).body for entry in peek(peeked[1].annotations[number], 1).body["messages"]
    ]

    receiver = Receiver(connection, queue)
    arrived = receiver.receive(3)
    tokens = [lock_token(delivery) for _, delivery in arrived]
    renewed = node.ask("com.microsoft:renew-lock", {"lock-tokens": uuid_array(tokens)})
    seen["renewed"] = [status(renewed), len(list(renewed.body["expirations"].elements))]
    before = [m.annotations[symbol("x-opt-locked-until")] for m, _ in arrived]
    seen["renewedLater"] = [int(b) >= int(a) for a, b in zip(before, renewed.body["expirations"].elements)]
    for _, delivery in arrived:
        receiver.settle(delivery, Delivery.ACCEPTED)
    # Answered only when the outcomes have been seen: they were sent before it on another link of the same session.
    seen["afterwards"] = bodies(receiver.drain())
    lost = node.ask("com.microsoft:renew-lock", {"lock-tokens": uuid_array(tokens[:1])})
    seen["renewedTooLate"] = [status(lost), str(lost.properties.get("errorCondition"))]

    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    later = Message(body="later", id="later-1", annotations={
        symbol("x-opt-scheduled-enqueue-time"): timestamp(int(soon.timestamp() * 1000))
    })
    entry = {"message-id": "later-1", "message": later.encode()}
    scheduled = node.ask("com.microsoft:schedule-message", {"messages": [entry]})
    numbers = list(scheduled.body["sequence-numbers"].elements)
    seen["scheduled"] = [status(scheduled), len(numbers)]
    seen["notYet"] = bodies(receiver.drain())
    seen["scheduledState"] = [
        int(decoded(e["message"]).annotations[symbol("x-opt-message-state")]) for e in peek(1, 10).body["messages"]
    ]
    cancel = lambda: node.ask("com.microsoft:cancel-scheduled-message", {"sequence-numbers": long_array(numbers)})
    seen["cancelled"] = [status(cancel()), status(peek(1, 10)), status(cancel())]
    seen["unknownOperation"] = status(node.ask("com.microsoft:make-coffee", {}))
    return seen


def decoded(encoded):
    message = Message()
    message.decode(bytes(encoded))
    return message


def lock_token(delivery):
    """The delivery tag is the lock token with the first three fields of the GUID reversed."""
    return uuid.UUID(bytes_le=tag_bytes(delivery))


def tag_bytes(delivery):
    tag = delivery.tag
    return tag.encode("utf-8", "surrogateescape") if isinstance(tag, str) else bytes(tag)


def uuid_array(values):
    return Array(UNDESCRIBED, Data.UUID, *values)


def long_array(values):
    return Array(UNDESCRIBED, Data.LONG, *values)


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


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in [
        types, fields, outcomes, outcomes_second, many_outcomes, delivery_limit, credit, modes, large, small_frames,
        unknown_queue, lock_lost, dropped_connection, management, receive_all, send_some,
    ]
}


def main():
    address, queue, name = sys.argv[1:]
    connection = connect(address)
    try:
        scenario = SCENARIOS[name]
        # Some open a second connection.
        more = [address] if "address" in inspect.signature(scenario).parameters else []
        seen = scenario(connection, queue, *more)
    finally:
        connection.close()
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
