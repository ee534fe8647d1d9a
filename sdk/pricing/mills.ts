/**
 * Mills' ratio of the normal distribution and its slope, as rational functions. All coefficients are positive, so nothing
 * cancels: the error is that of the fit (below 2e-18) plus one or two units in the last place. Both come from
 * scripts/fit/mills.ts; they are written out as nested products because that is three times as fast as a loop.
 */

/** Beyond this the density is zero in double precision, so what the ratio is no longer matters; powers must not overflow. */
const LARGEST_ARGUMENT = 1e6;

/** M(x) = Φ(−x)/φ(x) for x ≥ 0. */
export function millsRatio(argument: number): number {
  const x = argument < LARGEST_ARGUMENT ? argument : LARGEST_ARGUMENT;
  const numerator =
    1.2533141373155003 +
    x *
      (2.0734393001352385 +
        x *
          (1.700476071964686 +
            x *
              (0.8932710928603748 +
                x *
                  (0.32973200435557737 +
                    x *
                      (0.08895873456715356 +
                        x *
                          (0.01774028707448695 +
                            x *
                              (0.00258523387295171 +
                                x *
                                  (0.000264457012372372 +
                                    x * (0.000017266669414220528 + x * 5.529976934508723e-7)))))))));
  const denominator =
    1 +
    x *
      (2.4522497661426708 +
        x *
          (2.8133958314729957 +
            x *
              (1.997328948160584 +
                x *
                  (0.9772321662020907 +
                    x *
                      (0.3469489002533238 +
                        x *
                          (0.09150943538676712 +
                            x *
                              (0.01800363808275911 +
                                x *
                                  (0.002602500542560114 +
                                    x *
                                      (0.0002650100100628649 +
                                        x * (0.000017266669414247884 + x * 5.529976934507571e-7))))))))));
  return numerator / denominator;
}

/** −M′(x) = 1 − x·M(x) for x ≥ −½, without the cancellation that the right-hand side has for large x. */
export function millsSlope(argument: number): number {
  const x = argument < LARGEST_ARGUMENT ? argument : LARGEST_ARGUMENT;
  const numerator =
    1 +
    x *
      (1.439199116628121 +
        x *
          (1.0542828868954763 +
            x *
              (0.5068390715323677 +
                x *
                  (0.17548995201658232 +
                    x *
                      (0.04561723175648007 +
                        x *
                          (0.009046927786399175 +
                            x *
                              (0.0013665188245953967 +
                                x *
                                  (0.00015410347574212308 +
                                    x *
                                      (0.000012384449466455633 +
                                        x * (6.412612499216678e-7 + x * 1.633509053037848e-8))))))))));
  const denominator =
    1 +
    x *
      (2.692513253943621 +
        x *
          (3.4288478129723767 +
            x *
              (2.7384063249481105 +
                x *
                  (1.532674629520973 +
                    x *
                      (0.6360052564258382 +
                        x *
                          (0.20173303603887952 +
                            x *
                              (0.0496431680910794 +
                                x *
                                  (0.00950539063003216 +
                                    x *
                                      (0.001403574162860744 +
                                        x *
                                          (0.00015602725948426861 +
                                            x *
                                              (0.000012433454738144092 +
                                                x * (6.412612499209103e-7 + x * 1.6335090530381174e-8))))))))))));
  return numerator / denominator;
}
