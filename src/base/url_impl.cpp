// The compiled part of Boost.URL, once: Debian's Boost::boost target links no libraries.
#include <boost/url/src.hpp>
