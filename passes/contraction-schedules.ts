// How all contractions of a graph are computed: products, and those with windows.
import { chooseSchedule, type ScheduleContraction } from "./contraction-schedule.js";
import { chooseWindowSchedule, type ScheduleWindows } from "./window-schedule.js";

export interface Schedules {
  readonly products: ScheduleContraction;
  readonly windows: ScheduleWindows;
}

export const usualSchedules: Schedules = { products: chooseSchedule, windows: chooseWindowSchedule };
