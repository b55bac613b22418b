"""An AMQP 1.0 client that shares nothing with ours (Qpid Proton), for the Service Bus endpoint on this machine.

    proton_client <host:port> <queue> <scenario>

Runs one scenario and prints what it saw as one JSON document; the suite that started it judges.
"""

import inspect
import json
import sys

from contents import fields, large, receive_all, send_some, small_frames, types
from deliveries import (
    credit,
    delivery_limit,
    dropped_connection,
    lock_lost,
    many_outcomes,
    modes,
    outcomes,
    outcomes_second,
    same_name,
    unknown_queue,
)
from links import connect
from management import management


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in [
        types, fields, outcomes, outcomes_second, many_outcomes, delivery_limit, credit, modes, large, small_frames,
        unknown_queue, same_name, lock_lost, dropped_connection, management, receive_all, send_some,
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
