declare module "asciichart" {
  const asciichart: {
    plot(
      series: readonly number[] | readonly (readonly number[])[],
      options: { readonly height: number; readonly format: (x: number) => string },
    ): string;
  };
  export default asciichart;
}
