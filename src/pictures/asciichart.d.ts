declare module "asciichart" {
  const asciichart: {
    plot(
      series: readonly number[] | readonly (readonly number[])[],
      options: {
        readonly height: number;
        readonly format: (x: number) => string;
        readonly min?: number;
        readonly max?: number;
      },
    ): string;
  };
  export default asciichart;
}
