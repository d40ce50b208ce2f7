// A number as Go's %v prints a float64: `10`, `0.5`, `1e+06`. For the limits in validation texts.

export function goFloat(value: number): string {
  if (value === 0) return '0';
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 6) return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return String(value);
}
