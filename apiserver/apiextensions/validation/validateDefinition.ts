import type { FieldError } from '../../../apimachinery/fieldErrors.ts';
export const validateDefinition = (_object: any): FieldError[] => [];
export const validateDefinitionUpdate = (_object: any, _old: any): FieldError[] => [];
