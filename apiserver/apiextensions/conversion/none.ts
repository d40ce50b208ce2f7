// Conversion strategy None: all versions look alike, apiVersion alone differs.
// Mirrors: apiextensions-apiserver/pkg/apiserver/conversion/nop_converter.go. Next: the target version's schema prunes the result.
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Converter } from './converter.ts';

export const noConversion = {
  immediate: true,
  convert: (objects: readonly KubeObject[], apiVersion: string): KubeObject[] =>
    objects.map((object) => (object.apiVersion === apiVersion ? object : { ...deepCopy(object), apiVersion })),
} satisfies Converter;
