"use strict";
for (const box of document.querySelectorAll("[data-chart]")) {
  const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink").trim();
  const line = style.getPropertyValue("--line").trim();
  const limitColour = style.getPropertyValue("--fail").trim();
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const series = (label, colour, dash) => ({
    label, stroke: colour, width: 2, dash, spanGaps: true,
    points: { show: true, size: 7, fill: colour },
    value: (plot, v) => v == null ? "–" : v.toPrecision(3) + " ms",
  });
  const known = [...data.p50, ...data.slo, ...data.p99].filter(v => v != null && v > 0).concat(data.limit);
  // The ticks of a logarithmic axis count from its start: a round one gives round ticks.
  const least = Math.min(...known) / 1.3, magnitude = 10 ** Math.floor(Math.log10(least));
  const low = Math.floor(least / magnitude) * magnitude, high = Math.max(...known) * 1.3;
  const rates = data.rate, pad = Math.max((rates[rates.length - 1] - rates[0]) * 0.05, rates[0] * 0.02);
  const marks = plot => {
    const { ctx, bbox } = plot;
    ctx.save();
    if (data.low != null && data.high != null) {
      const from = Math.max(bbox.left, plot.valToPos(data.low, "x", true));
      const to = Math.min(bbox.left + bbox.width, plot.valToPos(data.high, "x", true));
      ctx.globalAlpha = 0.15; ctx.fillStyle = limitColour;
      ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
      ctx.globalAlpha = 1;
    }
    const y = plot.valToPos(data.limit, "y", true);
    ctx.strokeStyle = limitColour; ctx.lineWidth = 2; ctx.setLineDash([8, 6]);
    ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
    ctx.restore();
  };
  if (rates.length === 0) { continue; }
  const size = () => ({ width: Math.min(960, box.parentElement.clientWidth), height: 340 });
  const plot = new uPlot({
    ...size(),
    scales: {
      x: { time: false, range: [rates[0] - pad, rates[rates.length - 1] + pad] },
      y: { distr: 3, range: [low, high] },
    },
    axes: [{ ...axis, label: "offered requests a second" }, { ...axis, label: "response time, ms", size: 70 }],
    series: [
      { label: "rate", value: (p, v) => v == null ? "–" : v.toPrecision(4) + "/s" },
      series("p50", "#2f81f7"),
      series(data.percentile, "#a371f7"),
      ...(data.percentile === "p99" ? [] : [series("p99", "#db8b2a", [4, 4])]),
    ],
    hooks: { draw: [marks] },
  }, [data.rate, data.p50, data.slo, ...(data.percentile === "p99" ? [] : [data.p99])], box);
  addEventListener("resize", () => plot.setSize(size()));
}
