/** Update the room list without a reload. */

import { follow } from "./chat-lists.js";
import { Socket } from "./chat-socket.js";

const lists = follow(() => socket.ready);
const socket = new Socket({ watch: ["rooms"] }, { ...lists, state: (state) => state === "ready" && lists.soon() });
