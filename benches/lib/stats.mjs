// Medians and percentiles; nothing else is claimed from a run.

/** The `p`-th quantile (0..1), linear between neighbours; NaN for nothing. */
export function quantile(values, p) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.ceil(at)] - sorted[low]) * (at - low);
}

/** Median, p95, least, most and how many. */
export function summary(values) {
  return {
    count: values.length,
    median: quantile(values, 0.5),
    p95: quantile(values, 0.95),
    least: quantile(values, 0),
    most: quantile(values, 1),
  };
}
