import { today } from "./date.js";
import rooms from "./rooms.json";
import "./style.css";

interface Room { name: string; seats: number }
const text: string = (rooms as Room[]).map((r) => `${r.name}: ${r.seats}`).join(", ");
document.querySelector("#app")!.textContent = `${today()} ${text}`;
