"""Connections and links of Qpid Proton, one step at a time. Nothing here sleeps: that no message comes is known by
draining the link, which the other side has to answer.
"""

import uuid

from proton import Link
from proton.handlers import MessagingHandler
from proton.reactor import ReceiverOption
from proton.utils import BlockingConnection

TIMEOUT_S = 20


def new_name():
    """Of a link. Proton names links after their address, and of two receivers with one name the second takes the link over."""
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


def tag_bytes(delivery):
    tag = delivery.tag
    return tag.encode("utf-8", "surrogateescape") if isinstance(tag, str) else bytes(tag)
