"""Requests to a queue's management node, and their answers."""

import datetime
import uuid

from links import Receiver, ReplyTo, bodies, new_name, send, tag_bytes
from proton import UNDESCRIBED, Array, Data, Delivery, Message, int32, symbol, timestamp
from proton.reactor import AtLeastOnce


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


def uuid_array(values):
    return Array(UNDESCRIBED, Data.UUID, *values)


def long_array(values):
    return Array(UNDESCRIBED, Data.LONG, *values)
