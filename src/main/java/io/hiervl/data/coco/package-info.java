/** Label maps drawn from COCO's annotation files: polygons, run lengths and panoptic pictures. */
package io.hiervl.data.coco;
