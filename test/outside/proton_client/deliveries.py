"""What becomes of a delivery: outcomes, locks, credit, links that are refused."""

from links import TIMEOUT_S, Receiver, SettleSecond, bodies, connect, new_name, send
from proton import Condition, Delivery, Message, symbol
from proton.reactor import AtMostOnce
from proton.utils import LinkDetached


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


def same_name(connection, queue):
    """A name is of one direction: a sender and a receiver that share it are two links."""
    receiver = connection.create_receiver(queue, name="one-name")
    sender = connection.create_sender(queue, name="one-name")
    sender.send(Message(body="first"))
    first = receiver.receive().body
    receiver.accept()
    receiver.close()
    # The end of one does not touch the other.
    sender.send(Message(body="second"))
    sender.close()
    return [first, *bodies(Receiver(connection, queue).drain())]


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
