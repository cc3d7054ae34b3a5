# The picture of a soak: gnuplot -e "folder='build/soak'" tests/soak/soak.gnuplot
set terminal pngcairo size 1400,1000 font "sans,10"
set output folder.'/soak.png'
set datafile separator "\t"
set multiplot layout 3,1
set xlabel "seconds"
set grid
set key top left
samples = folder.'/samples.tsv'
events = folder.'/events.tsv'
stats samples using 1 nooutput
set xrange [0:STATS_max]
# Each fault is a line where it begins, with its name, in all three.
set ylabel "admissions a second"
set yrange [0:*]
stats samples using 2 nooutput
plot samples using 1:2 with lines title "answered", samples using 1:5 with lines title "refused, excused", samples using 1:6 with impulses lw 2 lc rgb "red" title "failed", \
     events using 1:(STATS_max*1.02) with impulses lc rgb "#bbbbbb" notitle, \
     events using 1:(STATS_max*0.02):3 with labels left rotate by 90 font "sans,7" notitle
set ylabel "milliseconds"
set logscale y
set yrange [0.1:10000]
plot samples using 1:3 with lines title "p50", samples using 1:4 with lines title "p99", events using 1:(10000) with impulses lc rgb "#bbbbbb" notitle
unset logscale y
set ylabel "MiB, descriptors"
set yrange [0:*]
plot samples using 1:7 with lines title "RSS 1", samples using 1:9 with lines title "RSS 2", samples using 1:8 with lines title "descriptors 1", samples using 1:10 with lines title "descriptors 2"
unset multiplot
