import { queueConformance } from './queueConformance.ts';
import { openEndpointSide, openMemorySide } from './queueSides.ts';

queueConformance('the broker of the tests', openMemorySide);
queueConformance('the local Service Bus, through the client, sender and peeker', openEndpointSide);
