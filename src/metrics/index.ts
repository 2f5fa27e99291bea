// Metrics: how good predictions are. Arguments come in the order of losses: predictions, then what is true.
export type { ClassOptions } from "./class-ids.js";
export { ConfusionMatrix, confusionMatrix } from "./confusion-matrix.js";
export { topKAccuracy, perplexity } from "./ranking.js";
export { mae, mse, r2, rmse } from "./regression.js";
export { type AverageScores, ClassificationReport, classificationReport, type ReportOptions } from "./report.js";
export { accuracy, type Average, type ClassScores, f1, precision, recall, type ScoreOptions } from "./scores.js";
